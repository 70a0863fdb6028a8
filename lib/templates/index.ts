import "server-only";

export { type CompiledMessage, checkTemplate, compileMessage, renderMessage } from "./render";
