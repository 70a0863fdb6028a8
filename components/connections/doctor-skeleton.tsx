import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

const lines = ["w-2/3", "w-1/2", "w-3/5", "w-2/5"];

/** In the place of the doctor while the provider (`asked`) and DNS are. */
export function DoctorSkeleton({ asked }: { asked: string }) {
  return (
    <Card title="Doctor" description={`Asking ${asked} and DNS…`}>
      <div role="status" className="space-y-3.5">
        <span className="sr-only">Examining the connection</span>
        {lines.map((width) => (
          <Skeleton key={width} className={width} />
        ))}
      </div>
    </Card>
  );
}
