/** The page begins here. */
import { render } from "preact";

render(<h1>Convoyant Lab</h1>, document.getElementById("lab")!);
