import { filters as everyFilter, type FilterImplOptions, Liquid } from "liquidjs";
import { dateWork, meteredOperators, meterFilter, meterRendering, say, workMax } from "./meter";

/** HTML escapes what it writes; plain is for subjects, names and text bodies. */
export type Dialect = "html" | "plain";

const renderMsMax = 2_000;
// Without a file system; templates within templates are other rooms' business.
const withoutTags = ["include", "render", "layout", "block"];
// `sample` is chance. The others evaluate code within lists, or build lists within lists, where no limit counts.
const withoutFilters = new Set(
  "sample where_exp reject_exp group_by group_by_exp has_exp find_exp find_index_exp push unshift".split(" "),
);
const dateFilters = ["date", "date_to_xmlschema", "date_to_rfc822", "date_to_string", "date_to_long_string"];

/** A LiquidJS that neither reads files nor looks at the clock, knows no chance, and counts its work. */
function engine(dialect: Dialect): Liquid {
  const liquid = new Liquid({
    strictFilters: true,
    ownPropertyOnly: true,
    templates: {},
    locale: "en-US",
    timezoneOffset: 0,
    operators: meteredOperators,
    renderLimit: renderMsMax,
    memoryLimit: workMax,
    ...(dialect === "html" ? { outputEscape: escapeOutput } : {}),
  });
  meterRendering(liquid);
  for (const tag of withoutTags) delete liquid.tags[tag];
  for (const [name, filter] of Object.entries(everyFilter)) {
    if (withoutFilters.has(name)) liquid.unregisterFilter(name);
    else if (dateFilters.includes(name)) liquid.registerFilter(name, meterFilter(withClock(filter), dateWork));
    else liquid.registerFilter(name, meterFilter(filter));
  }
  if (dialect === "html") keepMarkup(liquid);
  return liquid;
}

type Handler = Extract<FilterImplOptions, (...args: never) => unknown>;
type FilterThis = ThisParameterType<Handler>;

/** `now` and `today` mean the moment that the caller gave, not the server's clock. */
function withClock(filter: FilterImplOptions): FilterImplOptions {
  const handler = handlerOf(filter);
  return function (this: FilterThis, value: unknown, ...args: unknown[]): unknown {
    const given = value === "now" || value === "today" ? this.context.getRegister<number>("nowSeconds") : value;
    return handler.call(this, given, ...args);
  };
}

function escapeOutput(this: FilterThis, value: unknown): string {
  const text = say(value);
  if (this.context.getRegister<string>("verbatim") === text) return text;
  return escapeHtml(text);
}

/** Filters that escape by themselves or make markup: what they write at the end of an output is not escaped a second time. */
function keepMarkup(liquid: Liquid): void {
  for (const name of ["escape", "xml_escape", "escape_once"])
    liquid.registerFilter(name, { raw: true, handler: handlerOf(liquid.filters[name] ?? escapeHtml) });
  const lines = meterFilter((value: unknown) => escapeHtml(say(value)).replace(/\r?\n/g, "<br />\n"));
  liquid.registerFilter("newline_to_br", { raw: true, handler: handlerOf(lines) });
}

function handlerOf(filter: FilterImplOptions): Handler {
  return typeof filter === "function" ? filter : filter.handler;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** Made last, of what stands above. */
export const engines: Record<Dialect, Liquid> = { html: engine("html"), plain: engine("plain") };
