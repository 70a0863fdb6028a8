import type { ReactNode } from "react";
import { AccountMenu } from "./account-menu";
import { Drawer } from "./drawer";
import { GoKeys } from "./go-keys";
import { NavLinks, type NavMark } from "./nav-links";
import type { Theme } from "./theme";
import { type SwitchableWorkspace, WorkspaceSwitcher } from "./workspace-switcher";

type Props = {
  slug: string;
  workspaces: SwitchableWorkspace[];
  user: { name: string | null; email: string };
  theme: Theme;
  setTheme: (theme: Theme) => Promise<void>;
  /** What waits for a person, beside its link. */
  mark: NavMark | null;
  /** What everybody must know now: trouble, and that sending is stopped. */
  banners: ReactNode;
  children: ReactNode;
};

/** The frame of every page in a workspace: sidebar (a drawer on small screens), banners, and `<main>`. */
export function Shell({ slug, workspaces, user, theme, setTheme, mark, banners, children }: Props) {
  const switcher = <WorkspaceSwitcher current={slug} workspaces={workspaces} />;
  const account = <AccountMenu slug={slug} user={user} theme={theme} setTheme={setTheme} />;
  const name = workspaces.find((workspace) => workspace.slug === slug)?.name ?? slug;
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only rounded-md bg-ink px-3 py-2 text-on-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to content
      </a>
      <GoKeys slug={slug} />
      <aside className="sticky top-0 z-20 hidden h-dvh flex-col gap-4 overflow-y-auto border-line border-r bg-sunken p-2.5 lg:flex">
        {switcher}
        <div className="flex-1">
          <NavLinks slug={slug} mark={mark} />
        </div>
        {account}
      </aside>
      <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-line border-b bg-sunken px-2 lg:hidden">
        <Drawer slug={slug} mark={mark} top={switcher} bottom={account} />
        <span className="truncate font-semibold">{name}</span>
      </header>
      <div className="min-w-0">
        {banners}
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto w-full max-w-6xl px-4 py-6 outline-none sm:px-6 lg:px-8 lg:py-8"
        >
          {children}
        </main>
      </div>
    </div>
  );
}
