import type { Metadata } from "next";
import { AccountName } from "@/components/workspaces/account-name";
import { AccountPassword } from "@/components/workspaces/account-password";
import { requireUser } from "@/lib/web/session";
import { changeName, changePassword } from "../actions";

export const metadata: Metadata = { title: "Your account" };

export default async function AccountPage({ params }: PageProps<"/[workspace]/settings/account">) {
  const user = await requireUser(`/${(await params).workspace}/settings/account`);
  return (
    <>
      <AccountName user={user} change={changeName} />
      <AccountPassword email={user.email} change={changePassword} />
    </>
  );
}
