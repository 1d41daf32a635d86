import { admin as en } from '../i18n/en/admin.ts';
import { floor as floorEn } from '../i18n/en/floor.ts';
import { start as startEn } from '../i18n/en/start.ts';
import { admin as zh } from '../i18n/zh/admin.ts';
import { floor as floorZh } from '../i18n/zh/floor.ts';
import { start as startZh } from '../i18n/zh/start.ts';

export const ADMIN = { en, zh };
export const START = { en: startEn, zh: startZh };
export const FLOOR = { en: floorEn, zh: floorZh };
