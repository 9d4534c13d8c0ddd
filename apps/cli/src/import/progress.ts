import type { Surroundings } from '../surroundings.ts';

export interface Reached {
  /** Of the file, and all of it: bytes. */
  readonly done: number;
  readonly size: number;
  readonly created: number;
  readonly unchanged: number;
  readonly refused: number;
}

const [barWidth, barEveryMs, lineEveryMs] = [24, 100, 10_000];

/** A bar that is drawn anew on a terminal, and a line now and then in a log. */
export class Progress {
  readonly #out: Surroundings['stderr'];
  readonly #started: number;
  readonly #startedAt: number;
  #shown = 0;

  constructor(out: Surroundings['stderr'], { done }: Pick<Reached, 'done'>) {
    this.#out = out;
    this.#started = performance.now();
    this.#startedAt = done;
  }

  show(reached: Reached): void {
    const now = performance.now();
    if (now - this.#shown < (this.#out.isTTY ? barEveryMs : lineEveryMs)) return;
    this.#shown = now;
    const line = this.#line(reached, now);
    this.#out.write(this.#out.isTTY ? `\r\x1b[K${bar(reached)} ${line}` : `${line}\n`);
  }

  /** Leaves the line of the bar for what follows. */
  end(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[K');
  }

  #line({ done, size, created, unchanged, refused }: Reached, now: number): string {
    const counts = [
      `${created} created`,
      ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
      ...(refused > 0 ? [`${refused} refused`] : []),
    ];
    const rate = (done - this.#startedAt) / Math.max(1, now - this.#started);
    const left = rate > 0 ? `, ${duration((size - done) / rate)} left` : '';
    return `${Math.floor((100 * done) / Math.max(1, size))} %: ${counts.join(', ')}${left}`;
  }
}

function bar({ done, size }: Reached): string {
  const filled = Math.round((barWidth * done) / Math.max(1, size));
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
