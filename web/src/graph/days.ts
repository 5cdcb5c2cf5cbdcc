/** The slider of days, and letting them go by. */

import { _ } from "../texts";

const DAY_MILLISECONDS = 86_400_000;
const STEP_DAYS = 30;
const FRAME_MILLISECONDS = 900;
const SETTLE_MILLISECONDS = 400;

function dayOf(number: number): string {
  return new Date(number * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

export class Days {
  private playing: number | undefined;
  private sliding: number | undefined;

  /**
   * @param slide Its end is now, where live changes flow in.
   * @param day The field of the form that says as of when; empty: now.
   * @param play The button.
   * @param travel Shows the graph as of the day.
   */
  constructor(
    private readonly slide: HTMLInputElement,
    private readonly day: HTMLInputElement,
    private readonly play: HTMLElement,
    private readonly travel: () => void,
  ) {
    if (day.value !== "") slide.value = String(Date.parse(day.value) / DAY_MILLISECONDS);
    day.addEventListener("change", travel);
    slide.addEventListener("input", () => {
      this.look();
      window.clearTimeout(this.sliding);
      this.sliding = window.setTimeout(travel, SETTLE_MILLISECONDS);
    });
    play.addEventListener("click", () => this.toggle());
    this.tell();
  }

  get isNow(): boolean {
    return this.day.value === "";
  }

  get moment(): { as_of?: string } {
    return this.isNow ? {} : { as_of: this.day.value };
  }

  private look(): void {
    this.day.value = this.slide.value === this.slide.max ? "" : dayOf(Number(this.slide.value));
    this.tell();
  }

  /** The slider counts days; whoever hears it hears the day. */
  private tell(): void {
    this.slide.setAttribute("aria-valuetext", this.isNow ? _("Now") : this.day.value);
  }

  /** Lets the days go by, a month at a time, up to today. */
  private toggle(): void {
    const { slide } = this;
    const stop = (): void => {
      window.clearInterval(this.playing);
      this.playing = undefined;
      this.play.textContent = _("Play");
    };
    if (this.playing !== undefined) return stop();
    this.play.textContent = _("Stop");
    if (slide.value === slide.max) slide.value = slide.min;
    this.playing = window.setInterval(() => {
      if (slide.value === slide.max) return stop();
      slide.value = String(Math.min(Number(slide.max), Number(slide.value) + STEP_DAYS));
      this.look();
      this.travel();
    }, FRAME_MILLISECONDS);
  }
}
