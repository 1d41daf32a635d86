import { accounts as en } from '../i18n/en/accounts.ts';
import { accounts as zh } from '../i18n/zh/accounts.ts';

export const ACCOUNTS = { en, zh };
