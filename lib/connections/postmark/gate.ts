import "server-only";

/** Lets a limited number in at once, in the order of coming: the client itself has no limit on its sockets. */
export class Gate {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly atOnceMax: number) {}

  /** Waits for a place, `waitMs` at most. @returns whether there was one; then `leave` must follow */
  enter(waitMs: number): Promise<boolean> {
    if (this.inside < this.atOnceMax) {
      this.inside += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const admit = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(admit), 1);
        resolve(false);
      }, waitMs);
      this.waiting.push(admit);
    });
  }

  /** Gives the place to whoever has waited longest. */
  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.inside -= 1;
  }
}
