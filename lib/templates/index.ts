import "server-only";

export { compileMessage, renderMessage } from "./render";
