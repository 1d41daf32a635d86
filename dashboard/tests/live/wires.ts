import type { ClientMessage, ServerMessage } from '../../src/contracts/types.ts';
import type { Wire } from '../../src/live/socket.ts';

/** A line whose other end the test holds. */
export class HeldWire implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: ClientMessage[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.onopen?.();
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  break(): void {
    this.closed = true;
    this.onclose?.();
  }
}
