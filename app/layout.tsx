import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { THEME_COOKIE, theme } from "@/components/layout/theme";
import { NowProvider } from "@/components/ui/time";
import { Toaster } from "@/components/ui/toast";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "gflux", template: "%s · gflux" },
  description: "Lifecycle email on your own Postmark.",
  icons: [{ url: "/favicon.svg", type: "image/svg+xml" }],
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f5f5f7" },
    { media: "(prefers-color-scheme: dark)", color: "#0c0d10" },
  ],
};

/** The theme stands in the cookie, so the server writes it into the first byte and nothing flashes. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const chosen = theme.parse((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" data-theme={chosen} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body>
        <NowProvider nowMs={Date.now()}>{children}</NowProvider>
        <Toaster />
      </body>
    </html>
  );
}
