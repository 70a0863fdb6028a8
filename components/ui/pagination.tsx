import { ChevronRight, ChevronsLeft } from "lucide-react";
import Link from "next/link";
import { Button } from "./button";

type Props = {
  /** Back to the newest; null on the first page. */
  first: string | null;
  /** Older ones; null on the last page. */
  next: string | null;
};

/** Below a list that is read by cursor: `<Pagination first={cursor ? path : null} next={next_cursor && `${path}?cursor=${next_cursor}`} />`. */
export function Pagination({ first, next }: Props) {
  if (!first && !next) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-2 border-line border-t px-4 py-2.5">
      {first ? (
        <Button asChild variant="ghost" size="sm">
          <Link href={first}>
            <ChevronsLeft aria-hidden /> Newest
          </Link>
        </Button>
      ) : (
        <span />
      )}
      {next && (
        <Button asChild variant="ghost" size="sm">
          <Link href={next}>
            Older <ChevronRight aria-hidden />
          </Link>
        </Button>
      )}
    </nav>
  );
}
