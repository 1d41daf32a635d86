import { supervisor as en } from '../i18n/en/supervisor.ts';
import { supervisor as zh } from '../i18n/zh/supervisor.ts';

export const WORDS = { en, zh };
