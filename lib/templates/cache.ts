/** Keeps what was made last, by key, within a number of entries and a sum of weights; the one unused for longest goes first. */
export class BoundedCache<V> {
  private readonly kept = new Map<string, { value: V; weight: number }>();
  private weight = 0;

  constructor(private readonly limits: { entriesMax: number; weightMax: number }) {}

  get(key: string): V | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    // A Map remembers the order of insertion, so putting it back makes it the youngest.
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.value;
  }

  /** What alone outweighs the cache is not kept. */
  set(key: string, value: V, weight: number): void {
    this.remove(key);
    if (weight > this.limits.weightMax) return;
    this.kept.set(key, { value, weight });
    this.weight += weight;
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.limits.entriesMax && this.weight <= this.limits.weightMax) return;
      this.remove(oldest);
    }
  }

  get size(): number {
    return this.kept.size;
  }

  private remove(key: string): void {
    this.weight -= this.kept.get(key)?.weight ?? 0;
    this.kept.delete(key);
  }
}
