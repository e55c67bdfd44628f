-- what a card's tab shows: work that people asked for in it, and work that failed
CREATE INDEX inbox_page ON inbox (lane, part, id) WHERE kind = 'page';
CREATE INDEX inbox_dead_card ON inbox (lane, part, id) WHERE state = 2;
