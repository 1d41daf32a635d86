import { wall as en } from '../i18n/en/wall.ts';
import { wall as zh } from '../i18n/zh/wall.ts';

export const WALL = { en, zh };
