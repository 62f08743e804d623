/** A film that nobody watches gives its connection back: a browser has six of them, for all its tabs together. */
const HIDDEN_FOR = 2000; // ms

/** Let go of a paused film while the page is hidden, and take it up at the same place when the page is seen again. */
export class Film {
  private source = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `place` says where a film goes on that was let go, in seconds; without it where it was. */
  constructor(
    private media: HTMLMediaElement,
    private place: () => number | null,
  ) {
    const look = () => {
      clearTimeout(this.timer);
      if (!document.hidden) this.take();
      else if (media.paused) this.timer = setTimeout(() => this.letGo(), HIDDEN_FOR);
    };
    document.addEventListener("visibilitychange", look);
    media.addEventListener("pause", look);
    addEventListener("pageshow", look);
    look();
  }

  /** Take the film up again, if it was let go. */
  take(): void {
    if (!this.source) return;
    const { media } = this;
    const at = this.place() ?? media.currentTime;
    media.src = this.source;
    this.source = "";
    media.currentTime = at;
  }

  private letGo(): void {
    const { media } = this;
    if (this.source || !media.paused || document.pictureInPictureElement === media) return;
    const at = media.currentTime;
    if (media instanceof HTMLVideoElement) this.keepPicture(media);
    media.defaultPlaybackRate = media.playbackRate; // which loading goes back to
    this.source = media.src;
    media.removeAttribute("src");
    media.load();
    media.currentTime = at; // without a film that is where the next one begins
  }

  /** Show the picture that is seen now until the film is there again. */
  private keepPicture(video: HTMLVideoElement): void {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    video.poster = canvas.toDataURL("image/jpeg");
  }
}
