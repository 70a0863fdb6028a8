import { Ban, House, type LucideIcon, Plug, Send, Settings, Users, Workflow } from "lucide-react";

type NavItem = { label: string; href: string; icon: LucideIcon /** Pressed after G. */; key: string };
export type NavGroup = { label?: string; items: NavItem[] };

/** Where one can go in a workspace: the sidebar and the keyboard read the same rows. */
export function navigation(slug: string): NavGroup[] {
  const at = (path: string) => `/${slug}${path}`;
  return [
    {
      items: [
        { label: "Home", href: at(""), icon: House, key: "h" },
        { label: "Automations", href: at("/automations"), icon: Workflow, key: "a" },
        { label: "Send log", href: at("/sends"), icon: Send, key: "l" },
        { label: "People", href: at("/profiles"), icon: Users, key: "p" },
        { label: "Suppressions", href: at("/suppressions"), icon: Ban, key: "u" },
      ],
    },
    {
      label: "Configuration",
      items: [
        { label: "Connections", href: at("/configuration/connections"), icon: Plug, key: "c" },
        { label: "Settings", href: at("/settings"), icon: Settings, key: "s" },
      ],
    },
  ];
}

/** Home is only itself; the others own what lies below them. */
export const isCurrent = (href: string, path: string): boolean =>
  path === href || (href.split("/").length > 2 && path.startsWith(`${href}/`));
