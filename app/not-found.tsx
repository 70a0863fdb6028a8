import Link from "next/link";
import { AuthFrame } from "@/components/layout/auth-frame";
import { Button } from "@/components/ui/button";

export default function NotFound() {
  return (
    <AuthFrame
      title="There is nothing here"
      description="The page was moved or deleted, or it belongs to a workspace that you are not a member of."
    >
      <Button asChild variant="primary" size="lg" className="w-full">
        <Link href="/">Go to your workspace</Link>
      </Button>
    </AuthFrame>
  );
}
