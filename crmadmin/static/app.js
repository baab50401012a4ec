// Starts every part of the page. Each module owns one idea and finds its elements by data- attributes,
// so markup that htmx brings later works without being told.

import { startBell } from "./js/bell.js";
import { startCells } from "./js/cells.js";
import { startColumns } from "./js/columns.js";
import { startConfirm } from "./js/confirm.js";
import { startDrop } from "./js/drop.js";
import { startFilters } from "./js/filters.js";
import { startForm } from "./js/form.js";
import { startGroup } from "./js/group.js";
import { startHtmx } from "./js/hx.js";
import { startKeys } from "./js/keys.js";
import { startMapping } from "./js/mapping.js";
import { startMenus } from "./js/menu.js";
import { startNav } from "./js/nav.js";
import { startNotes } from "./js/notes.js";
import { startOrder } from "./js/order.js";
import { startProgress } from "./js/progress.js";
import { startQuick } from "./js/quick.js";
import { startRepeat } from "./js/repeat.js";
import { startRowMenus } from "./js/rowmenu.js";
import { startSelects } from "./js/select.js";
import { startSelection } from "./js/selection.js";
import { startShare } from "./js/share.js";
import { startSheet } from "./js/sheet.js";
import { startTabs } from "./js/tabs.js";
import { startTheme } from "./js/theme.js";
import { startTicks } from "./js/ticks.js";
import { startTips } from "./js/tips.js";

for (const start of [
  startHtmx,
  startNotes,
  startTheme,
  startNav,
  startMenus,
  startRowMenus,
  startSheet,
  startSelects,
  startFilters,
  startShare,
  startSelection,
  startOrder,
  startColumns,
  startTips,
  startRepeat,
  startForm,
  startConfirm,
  startDrop,
  startMapping,
  startCells,
  startProgress,
  startBell,
  startTabs,
  startTicks,
  startGroup,
  startQuick,
  startKeys,
]) {
  start();
}
