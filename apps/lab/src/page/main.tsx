/** The page begins here. */
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/data.css";
import "./styles/network.css";
import "./styles/training.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { openAddress } from "./state/address.ts";
import { loadServed } from "./state/served.ts";

render(<App />, document.getElementById("lab")!);
void openAddress();
void loadServed();
