{
 "format": "examboard-ring/1",
 "keys": [
  {
   "id": "1748a8195bcb73ec",
   "made_at": "2026-11-22T08:28:41.470172Z",
   "key": "V4zOG86Hlhd3vlpqCxDQI9m6uzx4Hh2ypmL7Lc2PIqI="
  }
 ]
}
