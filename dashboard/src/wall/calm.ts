import { prefersReducedMotion } from 'svelte/motion';
import type { Plan } from '../domain/layout.ts';

/** Duration of a move, for `animate:flip`: none for who does not want any, nor for the hundreds of boxes of a floor that scrolls. */
export function calm({ scrolls }: Plan): number {
  return scrolls || prefersReducedMotion.current ? 0 : 350;
}
