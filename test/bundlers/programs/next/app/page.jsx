// A server component that trains.
import { trainLenet } from "../lenet.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  return <p>{JSON.stringify(await trainLenet())}</p>;
}
