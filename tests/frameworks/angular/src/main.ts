import { CUSTOM_ELEMENTS_SCHEMA, Component, provideZonelessChangeDetection, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';

@Component({
  selector: 'app-host',
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <main [attr.lang]="language()">
      <h1>Angular host</h1>
      <button id="toggle" (click)="shown.set(!shown())">toggle</button>
      <button id="language" (click)="language.set('ko')">language</button>
      @if (shown()) {
        <skintree-widget [pack]="pack" (result)="take($event)" />
      }
      <output id="answer">{{ answer() }}</output>
    </main>
  `,
})
class Host {
  readonly pack = '/other-pack/';
  readonly shown = signal(true);
  readonly language = signal('en');
  readonly answer = signal('');

  take(event: Event): void {
    this.answer.set((event as CustomEvent<{ model: { id: string } }>).detail.model.id);
  }
}

bootstrapApplication(Host, { providers: [provideZonelessChangeDetection()] });
// Later than the host, as a script from elsewhere comes.
setTimeout(() => import(/* @vite-ignore */ new URL('/widget.js', location.origin).href), 300);
