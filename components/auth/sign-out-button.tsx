"use client";

import { signOut } from "next-auth/react";
import { Button } from "@/components/ui/button";
import { goTo } from "./enter";

/** Ends the session of this browser and goes to `next`. */
export function SignOutButton({ next = "/sign-in", children = "Sign out" }: { next?: string; children?: string }) {
  const leave = async () => {
    await signOut({ redirect: false });
    goTo(next);
  };
  return (
    <Button variant="link" onClick={leave}>
      {children}
    </Button>
  );
}
