import fc from "fast-check";

/** A request as it will be written on the wire. `body` null: none. */
export type Request = {
  operation: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
};

type Schema = { [key: string]: unknown };
type Parameter = { name: string; in: string; schema: Schema };
type Described = {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
};
export type Document = {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
};

/** What exists. `of`: ids by the part of a path that they stand behind (`projects`, `automations`, …), so that requests get past the look-up. */
export type Things = { of: Readonly<Record<string, readonly string[]>>; others: readonly string[] };

const nestingMax = 7;

/** JSON that no schema asked for: prototypes' names, U+0000, halves of characters, numbers at the edge, deep nests. */
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "🙂".repeat(300),
    "x".repeat(5_000),
    "{{ 7 | times: 7 }}",
    "{% for i in (1..100000000) %}x{% endfor %}",
    "line\r\nBcc: someone@example.com",
    "' or 1=1 --",
    "../../etc/passwd",
    "9999-12-31T23:59:59Z",
    "P99999Y",
    1e308,
    -0,
    Number.MAX_SAFE_INTEGER + 2,
    [],
    {},
    [[[[[[[[[[[]]]]]]]]]]],
  ),
  fc
    .constantFrom("__proto__", "constructor", "toString", "hasOwnProperty")
    .map((name) => JSON.parse(`{"${name}":{"x":1}}`)),
  fc.integer({ min: 50, max: 2_000 }).map((depth) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`)),
);

const texts = fc.oneof(
  fc.string({ maxLength: 40, unit: "grapheme" }),
  fc.string({ maxLength: 20, unit: "binary" }),
  fc.constantFrom(
    "ada@example.com",
    "signed_up",
    "Europe/Berlin",
    "PT1H",
    "2026-11-21T09:00:00Z",
    "$identify",
    "outbound",
  ),
);

/** One of these JSON objects, as it is or with something in it replaced, taken away or added. */
export const nearly = (samples: readonly Schema[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), odd, fc.boolean()), { maxLength: 3 }), texts)
    .map(([sample, changes, name]) => {
      const names = Object.keys(sample);
      const changed = changes.reduce<Schema>((made, [at, value, away]) => {
        const key = names[at % names.length] ?? name;
        const { [key]: _, ...rest } = made;
        return away ? rest : { ...rest, [at % 7 === 0 ? name : key]: value };
      }, sample);
      return JSON.stringify(changed);
    });

/** Requests of every operation that the document names: mostly of the right shape, often with something wrong in one place. */
export class Requests {
  readonly #document: Document;
  readonly #things: Things;

  constructor(document: Document, things: Things) {
    this.#document = document;
    this.#things = things;
  }

  /** `keys`: what may stand behind `Bearer`, each as often as it is named. `leaveOut`: operations that would end the run. */
  arbitrary({ keys, leaveOut }: { keys: readonly string[]; leaveOut: readonly string[] }): fc.Arbitrary<Request> {
    const operations = Object.entries(this.#document.paths)
      .flatMap(([path, methods]) => Object.entries(methods).map(([method, described]) => ({ path, method, described })))
      .filter(({ described }) => !leaveOut.includes(described.operationId));
    return fc
      .constantFrom(...operations)
      .chain(({ path, method, described }) => this.#request({ path, method, described, keys }));
  }

  #request({
    path,
    method,
    described,
    keys,
  }: {
    path: string;
    method: string;
    described: Described;
    keys: readonly string[];
  }) {
    const place = fc.tuple(
      ...path
        .split("/")
        .map((part, at, parts) => (part.startsWith("{") ? this.#id(parts[at - 1] ?? "") : fc.constant(part))),
    );
    const schema = described.requestBody?.content["application/json"].schema;
    return fc
      .record({
        place,
        query: this.#query(described.parameters ?? []),
        body: schema
          ? this.#body(schema)
          : fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: texts }),
        key: fc.constantFrom(...keys),
        idempotency: fc.option(fc.constantFrom("a", "b", "c", "d".repeat(300), "é"), { freq: 12 }),
        type: fc.constantFrom("application/json", "application/json", "text/plain", "application/xml", ""),
      })
      .map(
        ({ place: parts, query, body, key, idempotency, type }): Request => ({
          operation: described.operationId,
          method: method.toUpperCase(),
          path: `${parts.join("/")}${query}`,
          headers: {
            ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
            ...(idempotency !== null && method === "post" ? { "x-idempotency-key": idempotency } : {}),
            ...(type === "" ? {} : { "content-type": type }),
          },
          body: method === "get" ? null : body,
        }),
      );
  }

  #id(behind: string): fc.Arbitrary<string> {
    const { of, others } = this.#things;
    return fc
      .oneof(
        { weight: 20, arbitrary: fc.constantFrom(...(of[behind] ?? others)) },
        { weight: 2, arbitrary: fc.constantFrom(...others) },
        { weight: 1, arbitrary: fc.uuid() },
        { weight: 1, arbitrary: texts.map((text) => encodeURIComponent(text.toWellFormed())) },
        { weight: 1, arbitrary: fc.constantFrom("%00", "%ff", "%", "..", "%2e%2e%2f", "a".repeat(3_000)) },
      )
      .filter((text) => text !== "");
  }

  #query(parameters: readonly Parameter[]): fc.Arbitrary<string> {
    const known = parameters.filter((parameter) => parameter.in === "query");
    const one = (name: string, schema: Schema) =>
      fc
        .oneof(this.#value(schema, 1), odd)
        .map((value) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    const some = fc.tuple(...known.map(({ name, schema }) => fc.option(one(name, schema), { freq: 2 })));
    return some.map((pairs) => {
      const given = pairs.flatMap((pair) => (pair === null ? [] : [pair.map((text) => String(text).toWellFormed())]));
      return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
    });
  }

  #body(schema: Schema): fc.Arbitrary<string | null> {
    const value = this.#value(schema, 0);
    return fc.oneof(
      { weight: 12, arbitrary: value.map((body) => JSON.stringify(body)) },
      { weight: 2, arbitrary: odd.map((body) => JSON.stringify(body)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<string | null>(null, "", "{", '{"a":', "[1,2", "\u0000", '{"a":1}{"b":2}', "NaN"),
      },
      { weight: 1, arbitrary: value.map((body) => JSON.stringify(body)?.slice(0, -3) ?? "") },
    );
  }

  /** A value that the schema would take, as a rule; one in thirty is something else. */
  #value(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    return fc.oneof({ weight: 29, arbitrary: this.#fitting(schema, depth) }, { weight: 1, arbitrary: odd });
  }

  #fitting(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (typeof schema.$ref === "string") {
      const named = this.#document.components.schemas[schema.$ref.split("/").at(-1) ?? ""];
      return named && depth < nestingMax ? this.#value(named, depth + 1) : fc.constant(null);
    }
    if ("const" in schema) return fc.constant(schema.const);
    if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
    const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
    if (choices && choices.length > 0) return fc.oneof(...choices.map((choice) => this.#value(choice, depth + 1)));
    if (Array.isArray(schema.allOf)) return this.#value(Object.assign({}, ...(schema.allOf as Schema[])), depth + 1);
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    switch (type) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return depth < nestingMax
          ? fc.array(this.#value((schema.items ?? {}) as Schema, depth + 1), { maxLength: 3 })
          : fc.constant([]);
      case "string":
        return this.#text(schema);
      case "integer":
        return fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer());
      case "number":
        return fc.oneof(fc.integer({ min: -5, max: 500 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      default:
        return odd;
    }
  }

  #text(schema: Schema): fc.Arbitrary<unknown> {
    if (schema.format === "uuid")
      return fc.constantFrom(...Object.values(this.#things.of).flat(), ...this.#things.others);
    if (schema.format === "email") return fc.constantFrom("ada@example.com", "Grace@Example.com", "nobody");
    if (Array.isArray(schema.examples)) return fc.oneof(fc.constantFrom(...(schema.examples as unknown[])), texts);
    if (schema.format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    return texts;
  }

  #object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    const required = new Set((schema.required ?? []) as string[]);
    if (depth >= nestingMax) return fc.constant({});
    const known = fc.tuple(
      ...properties.map(([name, inner]) =>
        fc.option(
          this.#value(inner, depth + 1).map((value) => [name, value] as const),
          { freq: required.has(name) ? 40 : 2 },
        ),
      ),
    );
    const further =
      typeof schema.additionalProperties === "object"
        ? fc.dictionary(texts, this.#value(schema.additionalProperties as Schema, depth + 1), { maxKeys: 3 })
        : fc.option(fc.dictionary(texts, odd, { minKeys: 1, maxKeys: 1 }), { freq: 15 });
    return fc.tuple(known, further).map(([pairs, more]) => ({
      ...Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [pair]))),
      ...more,
    }));
  }
}
