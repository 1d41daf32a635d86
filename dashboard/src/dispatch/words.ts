import { dispatch as en } from '../i18n/en/dispatch.ts';
import { dispatch as zh } from '../i18n/zh/dispatch.ts';

export const DISPATCH = { en, zh };
