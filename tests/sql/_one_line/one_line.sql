\ir ../../support/prelude.sql
begin;
select * from no_plan();

select is(faultline._one_line('provider is down', 100), 'provider is down', 'a line is itself');
select is(faultline._one_line(e'first\nsecond\r\n\tthird', 100), 'first second third', 'lines become one');
select is(faultline._one_line(e'  around  ', 100), 'around', 'blanks around it go, many become one');
select is(faultline._one_line(e'\u001b[2J\u001b[31mred\u0007\u009b0m\u007f', 100), '[2J [31mred 0m', 'a terminal gets nothing to obey');
select is(faultline._one_line(e'abc\u202edcba\u2066x\u2028y', 100), 'abc dcba x y', 'marks of direction and exotic line breaks go');
select is(faultline._one_line('Äpfel 日本 🙂', 100), 'Äpfel 日本 🙂', 'letters of all kinds stay');
select is(faultline._one_line('12345', 5), '12345', 'what fits stays');
select is(faultline._one_line('123456', 5), '12345', 'what does not is cut');
select is(length(faultline._one_line(repeat('x', 10000000), 200)), 200, 'however long it is');
select is(faultline._one_line(given, 100), null, 'nothing is NULL') from unnest(array[null, '', e' \n\t']) given;

select * from finish();
rollback;
