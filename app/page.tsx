import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { LAST_WORKSPACE_COOKIE } from "@/components/workspaces/last-workspace";
import { requireUser } from "@/lib/web/session";
import { listWorkspaces } from "@/lib/workspaces";

/** Where to begin: the workspace one was in last, else the first, else the one that has to be named. */
export default async function StartPage() {
  const workspaces = await listWorkspaces(await requireUser("/"));
  const last = (await cookies()).get(LAST_WORKSPACE_COOKIE)?.value;
  const goal = workspaces.find(({ slug }) => slug === last) ?? workspaces[0];
  redirect(goal ? `/${goal.slug}` : "/welcome");
}
