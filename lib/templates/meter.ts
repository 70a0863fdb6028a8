import {
  CaseTag,
  type Context,
  defaultOperators,
  type Emitter,
  type FilterImplOptions,
  type Liquid,
  type Operators,
  toValue,
  toValueSync,
} from "liquidjs";

/**
 * How much work one text may cause, in characters or list items handled. Liquid's own memory limit carries the count,
 * but charges neither for output nor for comparisons nor for work within lists; what follows adds that. So the limit is
 * the same on a busy machine as on an idle one, which no time limit is: LiquidJS's clock is only the belt to these braces.
 */
export const workMax = 4_000_000;
const nodeWork = 8;
const itemWork = 4;
const filterWork = 40;
/** A date in a named zone takes a third of a millisecond. */
export const dateWork = 2_000;

type Filter = Extract<FilterImplOptions, (...args: never) => unknown>;
type FilterThis = ThisParameterType<Filter>;

/** Makes an engine count what it writes and how many nodes it visits, loops included. */
export function meterRendering(liquid: Liquid): void {
  const render = liquid.renderer.renderTemplates.bind(liquid.renderer);
  liquid.renderer.renderTemplates = (templates, ctx, emitter = new MeteredEmitter(ctx)) => {
    ctx.memoryLimit.use(nodeWork * (1 + templates.length));
    return render(templates, ctx, emitter);
  };
  liquid.registerTag("case", MeteredCase);
}

/** The same filter, charged for being called and for what it is given. */
export function meterFilter(filter: FilterImplOptions, work = filterWork): FilterImplOptions {
  const { handler, raw } = typeof filter === "function" ? { handler: filter, raw: false } : filter;
  const metered = function (this: FilterThis, value: unknown, ...args: unknown[]): unknown {
    this.context.memoryLimit.use(work);
    charge(this.context, [value, ...args]);
    return handler.call(this, value, ...args);
  };
  return raw ? { raw, handler: metered } : metered;
}

/** Comparisons, charged for both sides: two long lists are compared item by item. */
export const meteredOperators: Operators = Object.fromEntries(
  Object.entries(defaultOperators).map(([name, operator]) => [name, name === "not" ? operator : meterBinary(operator)]),
);

type Binary = (left: unknown, right: unknown, ctx: Context) => ReturnType<Operators[string]>;

function meterBinary(operator: Operators[string]): Binary {
  return (left, right, ctx) => {
    charge(ctx, [left, right]);
    // LiquidJS gives unary and binary operators one type; "not" is the only unary one.
    return (operator as Binary)(left, right, ctx);
  };
}

function charge(ctx: Context, value: unknown): void {
  if (typeof value === "string") ctx.memoryLimit.use(value.length);
  else ctx.memoryLimit.use(itemWork);
  if (Array.isArray(value)) for (const item of value) charge(ctx, item);
}

class MeteredEmitter implements Emitter {
  buffer = "";
  constructor(private readonly ctx: Context) {}

  write(value: unknown): void {
    charge(this.ctx, value);
    this.buffer += say(value);
  }
}

/** As LiquidJS writes a value: nothing for null, lists without separators. */
export function say(value: unknown): string {
  const plain: unknown = toValue(value);
  if (plain === undefined || plain === null) return "";
  return Array.isArray(plain) ? plain.map(say).join("") : String(plain);
}

/** `case` compares its value with every `when` without going through an operator. */
class MeteredCase extends CaseTag {
  override *render(ctx: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const value: unknown = toValueSync(this.value.value(ctx));
    for (const _ of this.branches.flatMap(({ values }) => values)) charge(ctx, value);
    yield* super.render(ctx, emitter);
  }
}
