"use client";

import { ChevronsUpDown, LogOut, Monitor, Moon, Sun, UserRound } from "lucide-react";
import Link from "next/link";
import { signOut } from "next-auth/react";
import { startTransition, useState } from "react";
import { DropdownMenu, MenuItem, MenuLabel, MenuLine, MenuRadio } from "@/components/ui/dropdown-menu";
import { type Theme, theme as themeOf } from "./theme";

type Props = {
  slug: string;
  user: { name: string | null; email: string };
  theme: Theme;
  setTheme: (theme: Theme) => Promise<void>;
};

const themeOptions = [
  { value: "system", label: "As the system", icon: <Monitor aria-hidden /> },
  { value: "light", label: "Light", icon: <Sun aria-hidden /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden /> },
];

/** Who is signed in; opens the account, the theme and the way out. */
export function AccountMenu({ slug, user, theme, setTheme }: Props) {
  const [chosen, setChosen] = useState(theme);
  const choose = (value: string) => {
    const next = themeOf.parse(value);
    setChosen(next);
    document.documentElement.dataset.theme = next;
    startTransition(() => setTheme(next));
  };
  return (
    <DropdownMenu
      align="start"
      side="top"
      className="w-60"
      trigger={
        <button
          type="button"
          className="flex h-10 w-full min-w-0 items-center gap-2 rounded-md px-2 text-left hover:bg-hover pointer-coarse:h-12"
        >
          <span
            aria-hidden
            className="grid size-6 shrink-0 place-items-center rounded-full border border-line-strong bg-surface text-muted text-xs uppercase"
          >
            {[...(user.name ?? user.email)][0]}
          </span>
          <span className="min-w-0 flex-1 truncate text-sm">
            <span className="sr-only">Account: </span>
            {user.name ?? user.email}
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-faint" />
        </button>
      }
    >
      <MenuLabel>{user.email}</MenuLabel>
      <MenuItem asChild>
        <Link href={`/${slug}/settings/account`}>
          <UserRound aria-hidden />
          Account
        </Link>
      </MenuItem>
      <MenuLine />
      <MenuLabel>Theme</MenuLabel>
      <MenuRadio value={chosen} onValueChange={choose} options={themeOptions} />
      <MenuLine />
      <MenuItem onSelect={() => void signOut({ callbackUrl: "/sign-in" })}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </DropdownMenu>
  );
}
