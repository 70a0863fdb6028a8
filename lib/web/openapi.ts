import "server-only";
import * as z from "zod";
import { errorCodes } from "../errors";
import { type Described, operations } from "./operations-list";
import { requestIdOf } from "./request";

type Json = { [key: string]: unknown };

/** The OpenAPI 3.1 document of everything public, made from the operations' own declarations. */
export function openapi(): Json {
  const schemas: Json = { Error: errorSchema };
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    paths[operation.path] = path;
    path[operation.method.toLowerCase()] = describe(operation, schemas);
  }
  return {
    openapi: "3.1.0",
    info: { title: "gflux", version: "1", description: "Product events in, lifecycle email out." },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer", description: "An API key of the workspace." } },
      schemas,
      responses: {
        Error: {
          description: "Refused, or our own trouble.",
          content: { "application/json": { schema: ref("Error") } },
        },
      },
    },
  };
}

/** The document as an answer. */
export const openapiRoute = async (request: Request): Promise<Response> =>
  Response.json(openapi(), { headers: { "x-request-id": requestIdOf(request) } });

function describe(operation: Described, schemas: Json): Json {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
  const input = toSchema(operation, "input", schemas);
  const { inner, rest } = divide(input, names);
  const hasBody = operation.method !== "GET" && operation.method !== "DELETE";
  return {
    operationId: operation.id,
    summary: operation.summary,
    "x-permission": operation.permission,
    parameters: [
      ...names.map((name) => ({
        name,
        in: "path",
        required: true,
        schema: inner[name] ?? { type: "string" },
        ...(name === "project_id" ? { description: "The workspace's id." } : {}),
      })),
      ...(hasBody ? idempotency(operation) : queryOf(rest)),
    ],
    ...(hasBody && !isEmpty(rest)
      ? {
          requestBody: {
            required: rest.required !== undefined || rest.properties === undefined,
            content: { "application/json": { schema: rest } },
          },
        }
      : {}),
    responses: { [operation.status]: success(operation, schemas), default: { $ref: "#/components/responses/Error" } },
  };
}

function success(operation: Described, schemas: Json): Json {
  if (operation.status === 204) return { description: "Done." };
  return { description: "Done.", content: { "application/json": { schema: toSchema(operation, "output", schemas) } } };
}

/** Splits off the properties that stand in the path. */
function divide(schema: Json, names: readonly string[]): { inner: Json; rest: Json } {
  const properties = (schema.properties ?? {}) as Json; // JSON Schema: an object of schemas
  const keep = Object.entries(properties).filter(([name]) => !names.includes(name));
  const required = ((schema.required ?? []) as string[]).filter((name) => !names.includes(name));
  const { required: _, ...others } = schema;
  const rest = { ...others, properties: Object.fromEntries(keep), ...(required.length > 0 ? { required } : {}) };
  return { inner: properties, rest: schema.properties === undefined ? schema : rest };
}

const queryOf = ({ properties, required }: Json): Json[] =>
  Object.entries((properties ?? {}) as Json).map(([name, schema]) => ({
    name,
    in: "query",
    required: ((required ?? []) as string[]).includes(name),
    schema,
  }));

const idempotency = ({ method }: Described): Json[] =>
  method !== "POST"
    ? []
    : [{ name: "X-Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 255 } }];

const isEmpty = ({ properties }: Json): boolean =>
  properties !== undefined && Object.keys(properties as Json).length === 0;
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

const errorSchema: Json = {
  type: "object",
  required: ["error", "detail", "request_id"],
  properties: {
    error: { type: "string", enum: Object.keys(errorCodes).filter((code) => code !== "unavailable") },
    detail: { type: "string" },
    request_id: { type: "string" },
    fields: { type: "object", additionalProperties: { type: "array", items: { type: "string" } } },
    received: { type: "string" },
    provider: { type: "object" },
    profiles: { type: "array", items: { type: "string" } },
  },
};

/** zod's JSON Schema, its shared parts moved to the document's own. What goes in and what comes out differ (defaults), so names tell. */
function toSchema(operation: Described, io: "input" | "output", schemas: Json): Json {
  const made = z.toJSONSchema(operation[io], { io, unrepresentable: "any" }) as Json;
  const { $schema: _, $defs, ...schema } = made;
  const nameOf = (name: string) =>
    (name.startsWith("__") ? `${operation.id}${name.replace(/\W|_/g, "")}` : name) + (io === "input" ? "Input" : "");
  const moved = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(moved);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, value]) =>
        key === "$ref" && typeof value === "string"
          ? [key, value.replace(/^#\/\$defs\/(.+)$/, (_all, name: string) => `#/components/schemas/${nameOf(name)}`)]
          : [key, moved(value)],
      ),
    );
  };
  for (const [name, part] of Object.entries(($defs ?? {}) as Json)) schemas[nameOf(name)] = moved(part);
  return moved(schema) as Json; // an object in, an object out
}
