/** Which workspace the browser was in last: the start page leads there. */
export const LAST_WORKSPACE_COOKIE = "gflux_workspace";
