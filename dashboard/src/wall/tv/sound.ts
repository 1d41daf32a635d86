/**
 * A tone for a new critical alert. Browsers let a page sound only after somebody has pressed a key or clicked on it (or when
 * they were told to allow it, as a kiosk is): `state` says which it is, and the wall says so too.
 */
export type SoundState = 'off' | 'on' | 'blocked';

/** Two short notes, falling: heard over a floor, not taken for a telephone. Hz, and seconds from the start. */
const NOTES = [
  [880, 0],
  [660, 0.22],
] as const;
const NOTE_S = 0.2;
const LOUDNESS = 0.25;

export class Sound {
  #context: AudioContext | null = null;
  #onState: (state: SoundState) => void;
  #wake = () => void this.#context?.resume().then(() => this.#tell());

  constructor(onState: (state: SoundState) => void) {
    this.#onState = onState;
  }

  /** Ready to sound, or as soon as somebody touches the page. */
  start(): void {
    if (this.#context) return;
    this.#context = new AudioContext();
    this.#context.onstatechange = () => this.#tell();
    addEventListener('keydown', this.#wake);
    addEventListener('pointerdown', this.#wake);
    this.#wake();
    this.#tell();
  }

  stop(): void {
    removeEventListener('keydown', this.#wake);
    removeEventListener('pointerdown', this.#wake);
    const context = this.#context;
    this.#context = null;
    if (context) {
      context.onstatechange = null;
      void context.close();
    }
    this.#onState('off');
  }

  play(): void {
    const context = this.#context;
    if (context?.state !== 'running') return;
    for (const [pitch, after] of NOTES) note(context, pitch, context.currentTime + after);
  }

  #tell(): void {
    if (this.#context) this.#onState(this.#context.state === 'running' ? 'on' : 'blocked');
  }
}

function note(context: AudioContext, pitch: number, at: number): void {
  const [tone, loudness] = [context.createOscillator(), context.createGain()];
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S);
  tone.connect(loudness).connect(context.destination);
  tone.start(at);
  tone.stop(at + NOTE_S);
}
