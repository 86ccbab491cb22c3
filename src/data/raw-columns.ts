/**
 * Interactions as they are read, in file order, in chunks that are never copied when more come. Timestamps take
 * four bytes while they are whole seconds below 2³², eight from the first chunk where one is not: 16 to 20 B a row.
 */
export interface RawChunk {
  length: number;
  readonly users: Uint32Array;
  readonly items: Uint32Array;
  readonly ratings: Float32Array;
  timestamps: Uint32Array | Float64Array;
}

const firstChunk = 1 << 14;
const largestChunk = 1 << 20;

export class RawColumns {
  rows = 0;
  /** Whether any row has a rating. */
  rated = false;
  /** Whether all timestamps are whole seconds below 2³². */
  wholeSeconds = true;
  private chunks: RawChunk[] = [];
  private current = newChunk(0);

  add(user: number, item: number, rating: number, timestamp: number): void {
    if (this.current.length === this.current.users.length) {
      this.current = newChunk(Math.min(largestChunk, Math.max(firstChunk, this.rows)));
      this.chunks.push(this.current);
    }
    const chunk = this.current;
    const at = chunk.length++;
    this.rows++;
    chunk.users[at] = user;
    chunk.items[at] = item;
    chunk.ratings[at] = rating;
    chunk.timestamps[at] = timestamp;
    if (chunk.timestamps[at] !== timestamp) {
      chunk.timestamps = Float64Array.from(chunk.timestamps);
      chunk.timestamps[at] = timestamp;
      this.wholeSeconds = false;
    }
    if (rating === rating) this.rated = true;
  }

  *[Symbol.iterator](): Generator<RawChunk> {
    yield* this.chunks;
  }

  /** Gives the chunks in order and lets go of each: the columns are empty afterwards. */
  *consume(): Generator<RawChunk> {
    const chunks: (RawChunk | undefined)[] = this.chunks;
    this.chunks = [];
    this.current = newChunk(0);
    this.rows = 0;
    for (let i = 0; i < chunks.length; i++) {
      yield chunks[i]!;
      chunks[i] = undefined;
    }
  }
}

function newChunk(rows: number): RawChunk {
  return {
    length: 0,
    users: new Uint32Array(rows),
    items: new Uint32Array(rows),
    ratings: new Float32Array(rows),
    timestamps: new Uint32Array(rows),
  };
}
