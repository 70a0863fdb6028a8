/**
 * Reads the objects of a JSON text of the form `{"…": [{…}, {…}]}` while it arrives in pieces, so that neither text nor tree of a
 * long list is ever held whole. Brackets inside strings do not count; what an object holds is left to JSON.parse.
 */
export class ArrayReader {
  /** Whether the text has been read to its end, and held an array. */
  get complete(): boolean {
    return this.sawArray && this.sawEnd && this.depth === 0;
  }

  private depth = 0;
  private inString = false;
  private escaped = false;
  private sawArray = false;
  private sawEnd = false;
  private kept = "";

  constructor(private readonly take: (item: unknown) => void) {}

  /** The next piece of the text. @throws SyntaxError for an object that is not JSON */
  push(text: string): void {
    let from = this.depth >= elementDepth ? 0 : -1;
    for (let at = 0; at < text.length; at += 1) {
      const step = this.step(text.charCodeAt(at));
      if (step === 1 && this.depth === elementDepth) from = at;
      if (step !== -1 || this.depth !== elementDepth - 1 || from < 0) continue;
      this.take(JSON.parse(this.kept + text.slice(from, at + 1)));
      this.kept = "";
      from = -1;
    }
    if (from >= 0) this.kept += text.slice(from);
  }

  /** @returns how the depth changed */
  private step(code: number): -1 | 0 | 1 {
    if (this.inString) {
      if (this.escaped) this.escaped = false;
      else if (code === backslash) this.escaped = true;
      else if (code === quote) this.inString = false;
      return 0;
    }
    if (code === quote) this.inString = true;
    if (code === openBrace || code === openBracket) {
      this.depth += 1;
      if (code === openBracket && this.depth === elementDepth - 1) this.sawArray = true;
      return 1;
    }
    if (code !== closeBrace && code !== closeBracket) return 0;
    this.depth -= 1;
    if (this.depth === 0) this.sawEnd = true;
    return -1;
  }
}

/** The root object, its array, an object in that. */
const elementDepth = 3;
const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 123, 125, 91, 93] as const;
