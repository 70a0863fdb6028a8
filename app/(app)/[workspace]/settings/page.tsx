import { redirect } from "next/navigation";

export default async function SettingsPage({ params }: PageProps<"/[workspace]/settings">) {
  redirect(`/${(await params).workspace}/settings/workspace`);
}
