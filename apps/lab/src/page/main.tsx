/** The page begins here. */
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/data.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { openAddress } from "./state/address.ts";
import { trainer } from "./state/lab.ts";
import { loadWords } from "./state/language.ts";
import { loadServed } from "./state/served.ts";

// Its script is loaded while the page is drawn.
trainer();
await loadWords();
render(<App />, document.getElementById("lab")!);
void openAddress();
void loadServed();
