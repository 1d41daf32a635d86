import { prefersReducedMotion } from 'svelte/motion';

/** Duration of a move, for `animate:flip`: none for who does not want any. */
export function calm(): number {
  return prefersReducedMotion.current ? 0 : 350;
}
