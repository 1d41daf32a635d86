import { team as en } from '../i18n/en/team.ts';
import { team as zh } from '../i18n/zh/team.ts';

export const TEAM = { en, zh };
