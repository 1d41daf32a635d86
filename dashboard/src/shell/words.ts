import { shell as en } from '../i18n/en/shell.ts';
import { shell as zh } from '../i18n/zh/shell.ts';

export const SHELL = { en, zh };
