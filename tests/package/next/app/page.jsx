'use client';

import { useEffect } from 'react';

export default function Page() {
  // The package is for browsers, so that it is imported there only.
  useEffect(() => {
    import('../../page.js');
  }, []);
  return (
    <>
      <h1>Next.js</h1>
      <skintree-widget engine="cpu" />
      <output id="answer" />
    </>
  );
}
