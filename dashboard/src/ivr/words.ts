import { ivr as en } from '../i18n/en/ivr.ts';
import { ivr as zh } from '../i18n/zh/ivr.ts';

export const WORDS = { en, zh };
