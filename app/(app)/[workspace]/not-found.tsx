import { PageHeader } from "@/components/ui/page-header";

export default function NotFoundInWorkspace() {
  return (
    <PageHeader
      title="There is nothing here"
      description="It was deleted, it never existed, or it belongs to another workspace."
    />
  );
}
