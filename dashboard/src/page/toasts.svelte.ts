/** What has just been done or refused: said once in words, seen for a while, read out by screen readers. */

export interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
}

/** How many stand there at once; the oldest goes. */
export const MOST_TOASTS = 4;

export class Toasts {
  #last = 0;
  shown = $state.raw<readonly Toast[]>([]);

  say(tone: Toast['tone'], text: string): void {
    const toast = { id: ++this.#last, tone, text };
    this.shown = [...this.shown, toast].slice(-MOST_TOASTS);
  }

  close(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}
