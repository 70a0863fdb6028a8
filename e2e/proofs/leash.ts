/**
 * Loaded before every process that a proof starts: it ends when the proof's own process has ended, however that came about. With
 * PROOF_CLOCK_AHEAD_MS its clock is wrong by so much; the monotonic one cannot be, on any machine.
 */
const aheadMs = Number(process.env.PROOF_CLOCK_AHEAD_MS ?? 0);

process.on("disconnect", () => process.exit(1));
process.channel?.unref();

if (aheadMs !== 0) {
  const Right = Date;
  const now = () => Right.now() + aheadMs;
  globalThis.Date = new Proxy(Right, {
    construct: (target, given, made) => Reflect.construct(target, given.length === 0 ? [now()] : given, made),
    apply: () => new Right(now()).toString(),
    get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
  });
}
