select title as example, kind <> 'goods' as wrong
from source."lines"
