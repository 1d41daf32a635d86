/** Which box an arrow key leads to. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Index of the box to go to from `from`, or null if the key leads nowhere. Left and right go in reading order. */
export function step(boxes: readonly Box[], from: number, key: string): number | null {
  const here = boxes[from];
  if (!here) return null;
  if (key === 'ArrowRight') return from + 1 < boxes.length ? from + 1 : null;
  if (key === 'ArrowLeft') return from > 0 ? from - 1 : null;
  if (key === 'Home') return 0;
  if (key === 'End') return boxes.length - 1;
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return null;
  const away = (box: Box) => (key === 'ArrowDown' ? box.top - here.top : here.top - box.top);
  let best: number | null = null;
  let least = Infinity;
  boxes.forEach((box, index) => {
    // The next row counts more than the same column.
    const distance = away(box) * 4 + Math.abs(box.left - here.left);
    if (away(box) > here.height / 2 && distance < least) [best, least] = [index, distance];
  });
  return best;
}
