import {
  callsPerConnection,
  callsPerLane,
  callsPerWorkspace,
  placesAtOnce,
  slowAfterMs,
  slowPlacesAtOnce,
} from "./limits";
import type { Lane } from "./schema";

/** A place that is taken. `sinceMs`: since when the call under way is waited for. `slow`: its lane did not answer last time. */
export type Place = { readonly key: string; readonly lane: Lane; readonly slow: boolean; sinceMs: number };
type Bounds = { usual: number; slow: number };

/**
 * Who may work in this process at once. Lanes that answered last time share the usual places. Those that did not have places of their own,
 * and so has every call that has waited long, whoever makes it: connections that hang, however many, use up only these. One connection
 * and one workspace get a part, so that each leaves room. Pure but for what it remembers: the time is handed in.
 */
export class Places {
  private readonly taken = new Set<Place>();

  constructor(private readonly bounds: Bounds = { usual: placesAtOnce, slow: slowPlacesAtOnce }) {}

  /** @returns null when there is none for this lane now; what is taken must be given back */
  take(
    { key, lane, slow, callsMax = callsPerLane }: Omit<Place, "sinceMs"> & { callsMax?: number },
    nowMs: number,
  ): Place | null {
    const mine = [...this.taken].filter((place) => place.lane.workspaceId === lane.workspaceId);
    const ofConnection = mine.filter((place) => place.lane.connectionId === lane.connectionId);
    const ofLane = mine.filter((place) => place.key === key);
    const waiting = ofLane.some((place) => isSlow(place, nowMs));
    if (ofLane.length >= (slow || waiting ? 1 : callsMax)) return null;
    if (ofConnection.length >= callsPerConnection) return null;
    const alike = mine.filter((place) => isSlow(place, nowMs) === slow);
    if (alike.length >= callsPerWorkspace) return null;
    const slowOnes = [...this.taken].filter((place) => isSlow(place, nowMs)).length;
    const [used, bound] = slow
      ? [slowOnes, this.bounds.slow]
      : [this.taken.size - Math.min(slowOnes, this.bounds.slow), this.bounds.usual];
    if (used >= bound) return null;
    const place = { key, lane, slow, sinceMs: nowMs };
    this.taken.add(place);
    return place;
  }

  giveBack(place: Place): void {
    this.taken.delete(place);
  }
}

const isSlow = ({ slow, sinceMs }: Place, nowMs: number) => slow || nowMs - sinceMs > slowAfterMs;
