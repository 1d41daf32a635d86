import { rules as en } from '../i18n/en/rules.ts';
import { rules as zh } from '../i18n/zh/rules.ts';

export const RULES = { en, zh };
