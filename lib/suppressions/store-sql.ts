import "server-only";
import { nilConnection } from "./changes";

/**
 * Whether row `s` is one that people here hold on a list, whole workspace, connection or stream: what has to stand on that list too.
 * What the list itself said, and what its recipients did there, is not.
 */
export const heldByHand = (s: string, connection: string, stream: string): string =>
  `(${s}.active and (${s}.connection_id = '${nilConnection}' and ${s}.reason = 'manual'
     or ${s}.connection_id = ${connection} and ${s}.stream in (${stream}, '*') and ${s}.scope = 'stream'
       and ${s}.reason in ('manual', 'unsubscribe') and ${s}.origin <> 'provider' and coalesce(${s}.listed_origin, 'customer') = 'customer'))`;
